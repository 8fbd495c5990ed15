"""Recipes: those that ship can be followed, and mistakes in one's own are named."""

from pathlib import Path

import pytest

from tacotron.errors import TrainingError
from tacotron.model.nonattentive import NonAttentiveConfig
from tacotron.train.recipe import Recipe, model_config, read_recipe, recipe_names


@pytest.mark.parametrize("name", recipe_names())
def test_shipped_recipes_are_read(name: str) -> None:
    recipe = read_recipe(name)
    assert recipe.name == name
    assert Recipe.from_dict(recipe.to_dict(), where="itself") == recipe


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("kind = 'attentiv'", "kind 'attentiv': it must be one of non-attentive, attentive"),
        ("[training]\nupdatse = 3", "no updatse: did you mean updates?"),
        ("[training]\nupdates = 'many'", "updates = 'many': it must be a int, like 6000"),
        ("[training]\nlearning_rate = -1.0", "learning_rate = -1.0: it can't be negative"),
        ("[optimizer]\nname = 'sgd'", "optimizer, which no recipe has"),
        ("updates = ", "not valid TOML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(TrainingError) as caught:
        read_recipe(str(path))
    assert complaint in str(caught.value)


def test_unknown_recipe_has_advice() -> None:
    with pytest.raises(TrainingError, match="did you mean tacotron"):
        read_recipe("tacotrn")


def test_command_line_goes_before_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[training]\nupdates = 7\nseed = 2")
    training = read_recipe(str(path), {"updates": 9}).training
    assert (training.updates, training.seed) == (9, 2)


def test_model_fields_are_checked() -> None:
    template = NonAttentiveConfig(n_symbols=5)
    assert model_config(template, {"decoder_size": 512}).decoder_size == 512
    with pytest.raises(TrainingError, match="no decoder_szie: did you mean decoder_size"):
        model_config(template, {"decoder_szie": 512})
