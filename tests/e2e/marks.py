"""What every test with a browser is marked with."""

from typing import Final

import pytest

E2E: Final = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="session")]
"""One event loop for all of them: the browser belongs to it."""
