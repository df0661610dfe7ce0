"""What belongs to a record, and what a quotation mark too many or too few costs. Knows nothing but lines of text."""
