"""Static files with their content's hash in the name, so that browsers may keep them for ever."""

from collections.abc import Iterator
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

# An extension of the beta htmx, unused here, that imports a module which isn't shipped.
UNHASHED = "django_htmx/ext/"


class HashedStaticStorage(CompressedManifestStaticFilesStorage):
    """Rewrite the imports between our ES modules too."""

    support_js_module_import_aggregation = True

    def post_process(self, paths: dict[str, Any], *args: Any, **options: Any) -> Iterator[Any]:
        """Hash and compress every file but the unused ones."""
        used = {name: path for name, path in paths.items() if not name.startswith(UNHASHED)}
        yield from super().post_process(used, *args, **options)
