"""Why an undo leaves a product as it is: by code, in a sentence for its receipt."""

from __future__ import annotations

EDITED_SINCE, CHANGED_LATER, GONE, NOT_SELECTED = "edited_since", "changed_later", "gone", "not_selected"
REASONS = {
    EDITED_SINCE: "Kept: edited since.",
    CHANGED_LATER: "Kept: changed by a later import.",
    GONE: "Gone: the product was deleted since, or given another SKU.",
    NOT_SELECTED: "Not selected for this undo.",
}
