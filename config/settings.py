"""The settings of every deployment; this is the only module that reads the environment.

Without a single variable everything runs embedded: two SQLite files, a broker made of files, keys made once
in the data folder. What `.env.example` lists turns it into production, value by value.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from celery.schedules import crontab
from csp.constants import NONE, SELF

from config.environment import Environment, naming, refuse
from config.keys import kept_once, kept_ring, new_secret_key, parse_ring

BASE_DIR = Path(__file__).resolve().parent.parent

# Databases, ledger, logs and messages are for this user only, whoever made the folder that they lie in.
os.umask(0o077)

env = Environment()
env.read_file(env.file("LETHE_ENV_FILE", BASE_DIR / ".env"))

# --- Where things are -------------------------------------------------------------------------------------

LETHE_PRODUCTION = env.flag("LETHE_PRODUCTION")
DEBUG = env.flag("LETHE_DEBUG")
PORT = env.port("PORT", 8000)
LETHE_LISTEN = env.str("LETHE_LISTEN", default="127.0.0.1")
LETHE_BASE_URL = env.origin("LETHE_BASE_URL", f"http://127.0.0.1:{PORT}")
LETHE_EMBED_URL = env.origin("LETHE_EMBED_URL", LETHE_BASE_URL)
LETHE_DEMO = env.flag("LETHE_DEMO")
LETHE_DEMO_ORIGIN = env.origin("LETHE_DEMO_ORIGIN", f"http://localhost:{PORT}")
LETHE_DEFAULT_PLAN = env.choice("LETHE_DEFAULT_PLAN", ["standard", "enterprise"], "enterprise")
LETHE_TRUSTED_PROXIES = env.networks("LETHE_TRUSTED_PROXIES")
# The demo's own shop is on this machine.
LETHE_OUTGOING_NETWORKS = env.networks("LETHE_OUTGOING_NETWORKS") or (
    ["127.0.0.0/8", "::1/128"] if LETHE_DEMO else []
)
LETHE_REDIS_URL = env.redis("LETHE_REDIS_URL")
LETHE_METRICS_TOKEN = env.token("LETHE_METRICS_TOKEN")

LETHE_DATA_DIR = env.folder("LETHE_DATA_DIR", BASE_DIR / "data")
LETHE_FILES_DIR = env.folder("LETHE_FILES_DIR", LETHE_DATA_DIR / "files")
LETHE_LEDGER_DIR = env.folder("LETHE_LEDGER_DIR", LETHE_DATA_DIR / "ledger")
LETHE_HEADS_DIR = env.folder("LETHE_HEADS_DIR", LETHE_DATA_DIR / "heads")
LETHE_HEADS_MAIL = env.addresses("LETHE_HEADS_MAIL")
LETHE_LEDGER_YEARS = env.number("LETHE_LEDGER_YEARS", 10, least=3, most=100)
# Keys live short in backups, ciphertext and evidence long.
LETHE_BACKUP_DAILY = bool(env.str("LETHE_BACKUP_DIR", default=""))
LETHE_BACKUP_DIR = env.checked("LETHE_BACKUP_DIR", Path, LETHE_DATA_DIR / "backups").expanduser().absolute()
LETHE_BACKUP_MAIN_KEEP_DAYS = env.number("LETHE_BACKUP_MAIN_KEEP_DAYS", 35, least=0, most=36500)
LETHE_BACKUP_FILES_KEEP_DAYS = env.number("LETHE_BACKUP_FILES_KEEP_DAYS", 35, least=0, most=36500)
LETHE_BACKUP_VAULT_KEEP_DAYS = env.number("LETHE_BACKUP_VAULT_KEEP_DAYS", 2, least=0, most=36500)
LETHE_LOG_DIR = env.folder("LETHE_LOG_DIR", LETHE_DATA_DIR / "logs")
LETHE_BROKER_DIR = env.folder("LETHE_BROKER_DIR", LETHE_DATA_DIR / "broker")

if LETHE_PRODUCTION:
    for name in (
        "LETHE_SECRET_KEY",
        "LETHE_ALLOWED_HOSTS",
        "LETHE_BASE_URL",
        "LETHE_DATABASE_URL",
        "LETHE_VAULT_URL",
        "LETHE_REDIS_URL",
    ):
        if not env.str(name, default=""):
            refuse(name, "must be set in production")
    if not LETHE_BASE_URL.startswith("https://"):
        refuse("LETHE_BASE_URL", "must begin with https:// in production")
    if DEBUG:
        refuse("LETHE_DEBUG", "must be off in production")

# --- Databases --------------------------------------------------------------------------------------------

DATABASES = {
    "default": env.database("LETHE_DATABASE_URL", LETHE_DATA_DIR / "lethe.sqlite3"),
    "vault": env.database("LETHE_VAULT_URL", LETHE_DATA_DIR / "vault.sqlite3"),
}
# The vault forgets: freed pages are overwritten, and a destroyed key is on the disk before anybody is told.
SQLITE_PRAGMAS = {
    "default": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
    "vault": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON",
}
for alias, database in DATABASES.items():
    if database["ENGINE"].endswith("sqlite3"):
        if LETHE_PRODUCTION:
            refuse(
                "LETHE_VAULT_URL" if alias == "vault" else "LETHE_DATABASE_URL",
                "must be PostgreSQL in production",
            )
        # A deferred transaction that turns into a writer fails at once when another one writes.
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "init_command": SQLITE_PRAGMAS[alias],
            "timeout": 20,
        }
        # In memory, threads and a live server of the tests would not see the same rows.
        database["TEST"] = {"NAME": str(LETHE_DATA_DIR / f"test_{Path(database['NAME']).name}")}
    else:
        database.setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
    database["CONN_MAX_AGE"] = None
    database["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["NAME"] == DATABASES["vault"]["NAME"] and (
    DATABASES["default"].get("HOST"),
    DATABASES["default"].get("PORT"),
) == (DATABASES["vault"].get("HOST"), DATABASES["vault"].get("PORT")):
    refuse("LETHE_VAULT_URL", "must be another database than LETHE_DATABASE_URL")
DATABASE_ROUTERS = ["privacy.routers.VaultRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Keys -------------------------------------------------------------------------------------------------

SECRET_KEY = env.checked("LETHE_SECRET_KEY", str)
with naming("LETHE_SECRET_KEY"):
    SECRET_KEY = SECRET_KEY or kept_once(LETHE_DATA_DIR / "keys" / "secret_key", new_secret_key)
    if len(SECRET_KEY) < 50:
        raise ValueError("must have at least 50 characters")

LETHE_KEY_RING_FILE = env.checked("LETHE_KEY_RING_FILE", Path)
FIELD_ENCRYPTION_KEY = env.checked("LETHE_KEY_RING", parse_ring)
if FIELD_ENCRYPTION_KEY and LETHE_KEY_RING_FILE:
    refuse("LETHE_KEY_RING", "is set beside LETHE_KEY_RING_FILE: keep one of them")
if LETHE_KEY_RING_FILE:
    with naming("LETHE_KEY_RING_FILE"):
        FIELD_ENCRYPTION_KEY = parse_ring(LETHE_KEY_RING_FILE.read_text())
        if LETHE_PRODUCTION and LETHE_KEY_RING_FILE.resolve().is_relative_to(LETHE_DATA_DIR.resolve()):
            raise ValueError("must lie outside LETHE_DATA_DIR, so that no backup holds both")
if not FIELD_ENCRYPTION_KEY:
    if LETHE_PRODUCTION:
        refuse("LETHE_KEY_RING", "must be set in production, or LETHE_KEY_RING_FILE")
    with naming("LETHE_KEY_RING"):
        LETHE_KEY_RING_FILE = LETHE_DATA_DIR / "keys" / "ring"
        FIELD_ENCRYPTION_KEY = parse_ring(kept_ring(LETHE_KEY_RING_FILE, vault=DATABASES["vault"]))

# --- The application --------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config.apps.DeploymentConfig",
    "helpdesk.apps.LetheAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "csp",
    "django_htmx",
    "axes",
    "privacy",
    "helpdesk",
    "chat",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.readable.ReadableFormMiddleware",
    # A database that is older than the ledger serves nothing, so this stands before anything that reads rows.
    "privacy.gate.RestoreGateMiddleware",
    "privacy.unreadable.LostKeyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "helpdesk.middleware.AccountAccessMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Last, as axes asks: it turns the answer of a locked-out sign-in into the lock-out page.
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = None
# Widgets of ours have templates beside the others.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français"), ("de", "Deutsch"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
# An address typed without a scheme is taken for https, as from Django 6 on.
FORMS_URLFIELD_ASSUME_HTTPS = True

# --- People who sign in -----------------------------------------------------------------------------------

AUTH_USER_MODEL = "helpdesk.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "helpdesk.authentication.EmailBackend"]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "/agent/"
LOGOUT_REDIRECT_URL = "sign_in"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "helpdesk.passwords.GuessablePasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600

# One name from one place: neither a name nor a whole office can be locked out by somebody elsewhere.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
# By default each attempt during a lock-out extends it, so anybody could keep it up for ever.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "helpdesk.lockout.keyed_username"
AXES_CLIENT_IP_CALLABLE = "helpdesk.client_ip.client_ip"
AXES_LOCKOUT_CALLABLE = "helpdesk.lockout.locked_out"
# The package's handler keeps what was posted, browser and all; ours keeps a keyed name, address and time.
AXES_HANDLER = "helpdesk.lockout.DiscreetHandler"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_ALLOWED_CORS_ORIGINS = LETHE_BASE_URL

# --- The web ----------------------------------------------------------------------------------------------

ALLOWED_HOSTS = env.hosts("LETHE_ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = [LETHE_BASE_URL]
USE_X_FORWARDED_HOST = False
if LETHE_TRUSTED_PROXIES:
    # config.peers removes the header when the connection doesn't come from one of them.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# A name that begins with __Host- can't be set by a neighbour domain; browsers accept it over https only.
SESSION_COOKIE_NAME = "__Host-session" if LETHE_PRODUCTION else "lethe_session"
SESSION_COOKIE_SECURE = LETHE_PRODUCTION
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_COOKIE_NAME = "__Host-csrf" if LETHE_PRODUCTION else "lethe_csrf"
CSRF_COOKIE_SECURE = LETHE_PRODUCTION
CSRF_COOKIE_HTTPONLY = True
# Gone with the browser: by default it would stay for a year with people who only filled in a form.
CSRF_COOKIE_AGE = None
CSRF_COOKIE_SAMESITE = "Lax"

SECURE_SSL_REDIRECT = LETHE_PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 86400 if LETHE_PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = LETHE_PRODUCTION
# Being built into browsers can't be taken back for years: the owner of the domain decides on that, not we.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "media-src": [SELF],
        "manifest-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}

LETHE_MAX_BODY_BYTES = 12 * 2**20
LETHE_BODY_SECONDS = 30
# A text that is too long is refused beside its field; what is larger than a body may be never gets here.
DATA_UPLOAD_MAX_MEMORY_SIZE = LETHE_MAX_BODY_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 10
LETHE_FILES_A_MESSAGE = 5
LETHE_FILES_BYTES = 10 * 2**20  # of one message in all, so that its words still fit into the body
LETHE_FILES_A_CHAT = 100
LETHE_FILES_BYTES_A_CHAT = 50 * 2**20
# Uploads stay in memory until they are sealed: Django's other handler would write them in the clear.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = LETHE_MAX_BODY_BYTES

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = LETHE_DATA_DIR / "static" if LETHE_PRODUCTION else None
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": LETHE_FILES_DIR},
    },
    "staticfiles": {
        "BACKEND": "config.static_storage.HashedStaticStorage"
        if LETHE_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not LETHE_PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 3600 if LETHE_PRODUCTION else 0
WHITENOISE_ALLOW_ALL_ORIGINS = False

# --- Mail -------------------------------------------------------------------------------------------------

LETHE_MAIL_FROM = env.sender("LETHE_MAIL_FROM", "Lethe <helpdesk@localhost>")
LETHE_SENDS_MAIL = bool(env.str("LETHE_EMAIL_URL", default=""))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = LETHE_MAIL_FROM
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
EMAIL_TIMEOUT = 20
if LETHE_SENDS_MAIL:
    vars().update(env.smtp("LETHE_EMAIL_URL"))

# --- Cache, worker, timetable -----------------------------------------------------------------------------

EMBEDDED_BROKER = "config.file_broker:Transport"
if LETHE_REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": LETHE_REDIS_URL,
            "KEY_PREFIX": "lethe",
            "OPTIONS": {"serializer": "config.json_cache.JSONSerializer"},
        }
    }
    CELERY_BROKER_URL = LETHE_REDIS_URL
    # Longer than any task, or Redis would hand it out a second time while it runs.
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "visibility_timeout": 3600,
        "socket_connect_timeout": 2,
    }
else:
    # Django keeps 300 things by default and drops a third beyond that; a spent rating must not be among them.
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 100_000}}
    CACHES = {"default": memory}
    CELERY_BROKER_URL = "filesystem://localhost"
    CELERY_BROKER_TRANSPORT = EMBEDDED_BROKER
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(LETHE_BROKER_DIR),
        "data_folder_out": str(LETHE_BROKER_DIR),
        "control_folder": str(LETHE_BROKER_DIR / "control"),
        "store_processed": False,
        "polling_interval": 0.1,
    }
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE_FILENAME = str(LETHE_DATA_DIR / "beat-schedule")
CELERY_BEAT_MAX_LOOP_INTERVAL = 2
# Duties are rows; a round that comes late is dropped, since the next one finds the same rows.
CELERY_BEAT_SCHEDULE = {
    "purge": {"task": "privacy.tasks.purge", "schedule": 2.0, "options": {"expires": 2}},
    "drain-outbox": {"task": "privacy.tasks.drain_outbox", "schedule": 2.0, "options": {"expires": 2}},
    "send-mail": {"task": "helpdesk.tasks.send_mail", "schedule": 2.0, "options": {"expires": 2}},
    "tell-of-overdue": {
        "task": "helpdesk.tasks.tell_of_overdue",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "tell-of-due-reviews": {
        "task": "helpdesk.tasks.tell_of_due_reviews",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3600},
    },
    "read-policies": {
        "task": "helpdesk.tasks.read_policies",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "expire-support": {
        "task": "helpdesk.tasks.expire_support",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "heartbeat": {"task": "privacy.tasks.beat_heartbeat", "schedule": 5.0, "options": {"expires": 5}},
    "close-abandoned-chats": {
        "task": "chat.tasks.close_abandoned_chats",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "expire-secure-values": {
        "task": "chat.tasks.expire_secure_values",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "erase-what-became-tickets": {
        "task": "chat.tasks.erase_what_became_tickets",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "close-silent-tickets": {
        "task": "helpdesk.tasks.close_silent_tickets",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3600},
    },
    "sweep-keys": {
        "task": "privacy.tasks.sweep_keys",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3600},
    },
    "give-back": {
        "task": "privacy.tasks.give_back",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3600},
    },
    "publish-ledger": {
        "task": "privacy.tasks.publish_ledger",
        "schedule": crontab(hour="2", minute="17"),
        "options": {"expires": 3600},
    },
    "walk-ledger": {
        "task": "privacy.tasks.walk_ledger",
        "schedule": crontab(hour="3", minute="17"),
        "options": {"expires": 3600},
    },
    "prune-ledger": {
        "task": "privacy.tasks.prune_ledger",
        "schedule": crontab(hour="2", minute="47"),
        "options": {"expires": 3600},
    },
}

if LETHE_BACKUP_DAILY:
    CELERY_BEAT_SCHEDULE["back-up"] = {
        "task": "privacy.tasks.back_up",
        "schedule": crontab(hour="1", minute="17"),
        "options": {"expires": 3600},
    }

# --- Logs -------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "lines": {
            "()": "config.logs.DiscreetFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "handlers": {
        # Standard error: what commands print as JSON stays JSON.
        "console": {"class": "logging.StreamHandler", "formatter": "lines"},
        "file": {
            "class": "logging.handlers.WatchedFileHandler",
            "filename": str(LETHE_LOG_DIR / "lethe.log"),
            "formatter": "lines",
            "delay": True,
        },
    },
    "root": {"handlers": ["console", "file"], "level": "INFO"},
    "loggers": {
        # Django's own handlers would mail tracebacks to ADMINS and print requests a second time.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # SQL carries parameters.
        "django.db.backends": {"level": "ERROR"},
        # Names and addresses of those who failed to sign in.
        "axes": {"level": "CRITICAL"},
        # A line for each task of every two seconds.
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        "uvicorn": {"handlers": [], "level": "WARNING", "propagate": True},
    },
}

env.tell_of_unknown()
