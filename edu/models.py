"""Every table of the product in one import, for migrations and for start-up."""

from edu.accounts.models import LetterToken, ModeratedSubject, SignInFailure, User
from edu.admin.models import AuditEntry, SiteSetting
from edu.assistant.models import CachedAnswer, Conversation, Question, SavedAnswer
from edu.captions.models import Caption
from edu.catalog.models import Category, CategoryAlias
from edu.collections.models import Collection, CollectionItem
from edu.demand.models import EmptySearch, MaterialRequest
from edu.identities.models import Identity
from edu.library.models import HistoryEntry
from edu.likeness.models import SimilarText, TextBand, TextPrint
from edu.mail.models import Letter
from edu.materials.models import Material, MaterialVersion, Passage, StoredFile, Tag, View
from edu.notifications.models import Delivery, Notification, NotificationChoice, QuietHours
from edu.oauth.models import AuthorizationCode
from edu.plans.models import Plan, PlanStep
from edu.ratings.models import Rating
from edu.reports.models import Report
from edu.search.models import Completion, RecentQuery
from edu.second_factor.models import Authenticator, SpareCode
from edu.sessions.models import UserSession
from edu.streams.models import Stream
from edu.subscriptions.models import FeedToken, Subscription
from edu.telegram_chats.models import (
    TelegramChat,
    TelegramFile,
    TelegramPoller,
    TelegramSearch,
    TelegramUpdate,
    TelegramWatch,
)
from edu.telegram_links.models import LinkRequest, TelegramLink
from edu.telegram_outbox.models import TelegramMessage
from edu.tokens.models import PersonalToken, RefreshToken
from edu.trash.models import PurgedMaterial, TrashEntry, UnusedFile
from edu.uploads.models import Upload

__all__ = [
    "AuditEntry",
    "Authenticator",
    "AuthorizationCode",
    "CachedAnswer",
    "Caption",
    "Category",
    "CategoryAlias",
    "Collection",
    "CollectionItem",
    "Completion",
    "Conversation",
    "Delivery",
    "EmptySearch",
    "FeedToken",
    "HistoryEntry",
    "Identity",
    "Letter",
    "LetterToken",
    "LinkRequest",
    "Material",
    "MaterialRequest",
    "MaterialVersion",
    "ModeratedSubject",
    "Notification",
    "NotificationChoice",
    "Passage",
    "PersonalToken",
    "Plan",
    "PlanStep",
    "PurgedMaterial",
    "Question",
    "QuietHours",
    "Rating",
    "RecentQuery",
    "RefreshToken",
    "Report",
    "SavedAnswer",
    "SignInFailure",
    "SimilarText",
    "SiteSetting",
    "SpareCode",
    "StoredFile",
    "Stream",
    "Subscription",
    "Tag",
    "TelegramChat",
    "TelegramFile",
    "TelegramLink",
    "TelegramMessage",
    "TelegramPoller",
    "TelegramSearch",
    "TelegramUpdate",
    "TelegramWatch",
    "TextBand",
    "TextPrint",
    "TrashEntry",
    "UnusedFile",
    "Upload",
    "User",
    "UserSession",
    "View",
]
