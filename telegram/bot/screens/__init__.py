"""The screens: each module is one, with functions (Person, State, arguments) -> Reply."""
