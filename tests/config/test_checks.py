import pytest

from tests.config.deployment import PRODUCTION, environment, run_python


def deploy_check(env):
    return run_python("manage.py", "check", "--deploy", "--fail-level", "WARNING", env=env)


def test_production_environment_passes_the_deploy_check(tmp_path):
    result = deploy_check(environment(tmp_path, **PRODUCTION))

    assert result.stderr == ""
    assert result.returncode == 0


@pytest.mark.parametrize(
    ("name", "value", "warning"),
    [
        ("LETHE_ALLOWED_HOSTS", "*", "lethe.W001"),
        ("LETHE_ALLOWED_HOSTS", "chat.example.com", "lethe.W002"),
        ("LETHE_EMBED_URL", None, "lethe.W004"),
        ("LETHE_TRUSTED_PROXIES", "0.0.0.0/0", "lethe.W006"),
        ("LETHE_TRUSTED_PROXIES", None, "lethe.W007"),
        ("LETHE_DEMO", "1", "lethe.W009"),
        ("LETHE_EMAIL_URL", None, "lethe.W010"),
        ("LETHE_HEADS_MAIL", None, "lethe.W011"),
    ],
)
def test_doubtful_setting_is_named(tmp_path, name, value, warning):
    result = deploy_check(environment(tmp_path, **(PRODUCTION | {name: value})))

    assert result.returncode == 1
    assert f"({warning})" in result.stderr
    assert "1 issue" in result.stderr


def test_heads_on_another_disk_need_no_mail(tmp_path):
    away = {"LETHE_HEADS_MAIL": None, "LETHE_HEADS_DIR": str(tmp_path / "elsewhere")}

    result = deploy_check(environment(tmp_path / "data", **(PRODUCTION | away)))

    assert (result.stderr, result.returncode) == ("", 0)


@pytest.mark.parametrize("place", ["backups/ring", "backups/keys/../vault/ring"])
def test_key_ring_among_the_backups_is_refused(tmp_path, place):
    ring = tmp_path / place
    for folder in (ring.parent, (tmp_path / "backups" / "keys")):
        folder.mkdir(parents=True, exist_ok=True)
    (tmp_path / "backups" / "vault").mkdir(exist_ok=True)
    ring.write_text(PRODUCTION["LETHE_KEY_RING"])
    among = {
        "LETHE_KEY_RING": None,
        "LETHE_KEY_RING_FILE": str(ring),
        "LETHE_BACKUP_DIR": str(tmp_path / "backups"),
    }

    result = run_python(
        "manage.py", "check", "--deploy", env=environment(tmp_path / "data", **(PRODUCTION | among))
    )

    assert result.returncode == 1
    assert "(lethe.E001)" in result.stderr


def test_key_ring_beside_the_folder_of_backups_is_fine(tmp_path):
    ring = tmp_path / "backups-ring"
    ring.write_text(PRODUCTION["LETHE_KEY_RING"])
    beside = {
        "LETHE_KEY_RING": None,
        "LETHE_KEY_RING_FILE": str(ring),
        "LETHE_BACKUP_DIR": str(tmp_path / "backups"),
    }

    result = deploy_check(environment(tmp_path / "data", **(PRODUCTION | beside)))

    assert (result.stderr, result.returncode) == ("", 0)


def test_embedded_default_is_no_deployment(tmp_path):
    result = deploy_check(environment(tmp_path))

    found = {warning for number in range(1, 12) if f"({(warning := f'lethe.W{number:03}')})" in result.stderr}
    assert found == {"lethe.W003", "lethe.W004", "lethe.W005", "lethe.W008", "lethe.W010", "lethe.W011"}
