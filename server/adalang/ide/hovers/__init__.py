"""What hover says beyond a name's meaning: models and prices, tokens, scores, data, files, settings."""

from adalang.ide.hovers.components import (
    ModelDefault,
    of_eval,
    of_model,
    of_prompt,
    scores_of_component,
    tokens_of_message,
    tokens_of_own_param,
    tokens_of_param,
)
from adalang.ide.hovers.data import of_column, of_dataset, of_file, of_python
from adalang.ide.hovers.settings import of_setting

__all__ = [
    "ModelDefault",
    "of_column",
    "of_dataset",
    "of_eval",
    "of_file",
    "of_model",
    "of_prompt",
    "of_python",
    "of_setting",
    "scores_of_component",
    "tokens_of_message",
    "tokens_of_own_param",
    "tokens_of_param",
]
