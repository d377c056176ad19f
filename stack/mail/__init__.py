"""A post office on this machine: letters go nowhere, and people read them here.

It takes whatever is handed in over SMTP, keeps the last of it in memory, and shows it.

    MAIL_SMTP_LISTEN=127.0.0.1:12113 \\
        gunicorn --worker-class asgi --workers 1 --no-control-socket \\
        --bind 127.0.0.1:12114 stack.mail.server:app

`GET /` shows the letters to a person, `GET /letters?to=ADDRESS` to a program, the newest
first; `GET /_local/health` says that it serves.
"""
