"""Django on gunicorn as a user without privileges."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["gunicorn", "python3-django"],
    files={
        "/app/site_settings.py": """
SECRET_KEY = "test"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "site_urls"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
                  "django.contrib.messages", "django.contrib.admin"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware",
              "django.contrib.auth.middleware.AuthenticationMiddleware",
              "django.contrib.messages.middleware.MessageMiddleware",
              "django.middleware.locale.LocaleMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
              "OPTIONS": {"context_processors": [
                  "django.template.context_processors.request",
                  "django.contrib.auth.context_processors.auth",
                  "django.contrib.messages.context_processors.messages"]}}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/tmp/db"}}
USE_TZ = True
TIME_ZONE = "Europe/Berlin"
""",
        "/app/site_urls.py": """
from django.contrib import admin
from django.http import JsonResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext

def index(request):
    return JsonResponse({"zone": timezone.get_current_timezone_name(), "word": gettext("Monday")})

urlpatterns = [path("", index), path("admin/", admin.site.urls)]
""",
        "/app/start.sh": """#!/bin/sh
set -e
export DJANGO_SETTINGS_MODULE=site_settings
django-admin migrate --pythonpath=/app >/dev/null
exec gunicorn --bind 0.0.0.0:8000 --worker-tmp-dir /dev/shm 'django.core.wsgi:get_wsgi_application()'
""",
    },
    workdir="/app",
    user="www-data",
    cmd=["/app/start.sh"],
)


def probe(app):
    with app.start() as service:
        german = {"Accept-Language": "de"}
        want(service.get(8000, "/", headers=german), '"zone": "Europe/Berlin", "word": "Montag"')
        want(service.get(8000, "/admin/login/"), "csrfmiddlewaretoken")
