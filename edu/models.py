"""Every table of the product in one import, for migrations and for start-up."""

from edu.accounts.models import User
from edu.catalog.models import Category, CategoryAlias
from edu.materials.models import Material, Passage, StoredFile, Tag, View
from edu.ratings.models import Rating

__all__ = [
    "Category",
    "CategoryAlias",
    "Material",
    "Passage",
    "Rating",
    "StoredFile",
    "Tag",
    "User",
    "View",
]
