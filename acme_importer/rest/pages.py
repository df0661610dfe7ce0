"""How every list of the API is paged.

Settings name this class, and REST framework resolves its settings while it loads its own views: so nothing here may
import views.
"""

from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    """Numbered pages, as long as the caller asks for, within a bound."""

    page_size = 50
    page_size_query_param = "page_size"
    page_size_query_description = "Number of results per page: 50 unless told, 1000 at most."
    max_page_size = 1000
