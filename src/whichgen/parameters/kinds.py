"""What all of the configuration is made of: bounded numbers, strict keys, components."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from whichgen.errors import WhichgenError

Count = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Decay = Annotated[float, Field(ge=0, lt=1)]
Family = Literal["gan", "dgn"]
NumberType = Literal["float32", "bfloat16"]


def _on_or_off(value: Any) -> Any:
    """YAML takes a bare on for true and a bare off for false."""
    return ("on" if value else "off") if isinstance(value, bool) else value


Switch = Annotated[Literal["auto", "on", "off"], BeforeValidator(_on_or_off)]


class Strict(BaseModel):
    """A key that is not known is an error, not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Component(BaseModel):
    """A name on an allow-list and the keyword arguments of what it names."""

    model_config = ConfigDict(extra="allow", frozen=True)
    name: str

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments."""
        return dict(self.model_extra or {})

    def build(self, allowed: Mapping[str, Callable[..., Any]], key: str, **given: Any) -> Any:
        """What the component names, called with its arguments and those that the code gives.

        Args:
            allowed: the allow-list. key: of the component in a recipe, for the error's sake.

        Raises:
            WhichgenError: if the name is not on the list or an argument is wrong.
        """
        if self.name not in allowed:
            raise WhichgenError(
                f"{key}.name: '{self.name}' is not one of {', '.join(sorted(allowed))}"
            )
        try:
            return allowed[self.name](**given, **self.arguments())
        except (TypeError, ValueError) as error:
            raise WhichgenError(f"{key} '{self.name}': {error}") from None
