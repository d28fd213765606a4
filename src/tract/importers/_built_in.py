"""The importers that come with the library, in the order in which they are asked.

They are loaded when something is imported or listed: a program that only commits and compiles has
no use for them, and together they take longer to load than the face of the library.
"""

from tract.importers._anthropic import AnthropicMessages
from tract.importers._claude_code import ClaudeCode
from tract.importers._oasst import OasstTrees
from tract.importers._openai import OpenAIMessages
from tract.importers._openhands import OpenHands
from tract.importers._pi import PiSessions
from tract.importers._protocol import Importer
from tract.importers._sharegpt import ShareGPT
from tract.importers._swe_agent import SweAgent
from tract.importers._tau_bench import TauBench
from tract.importers._toolbench import ToolBench

BUILT_IN: tuple[Importer, ...] = (
    OpenAIMessages(),
    AnthropicMessages(),
    ClaudeCode(),
    PiSessions(),
    OpenHands(),
    SweAgent(),
    TauBench(),
    OasstTrees(),
    ToolBench(),
    ShareGPT(),
)
