"""Web glue: guards, viewpoint, rendering, forms, i18n, headers, errors, paging. Knows no room."""
