"""The ASGI app that gunicorn serves: `reference_app.app:app`."""

from reference_app.assembly import create_app
from reference_app.settings import load_settings

app = create_app(load_settings())
