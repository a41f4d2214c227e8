"""Extensions of more source packages than other shared folders have."""
from support.containers import want
from support.recipe import Recipe

EXTENSIONS = ["redis", "apcu", "igbinary", "yaml", "ast"]
RECIPE = Recipe(
    packages=["php-cli", *(f"php-{name}" for name in EXTENSIONS)],
    files={"/app/main.php": "<?php echo implode(',', get_loaded_extensions());"},
    cmd=["php", "/app/main.php"],
)


def probe(app):
    for name in EXTENSIONS:
        want(app.run(), name)
