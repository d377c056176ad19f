"""A pod dies while people are at it: nobody notices. In a file of its own, as it takes a pod."""

import os
import signal
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from stack import engine
from tests.conftest import MakeHome
from tests.frontend.browser.life import Board, window
from tests.frontend.conftest import DIST

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.stack
