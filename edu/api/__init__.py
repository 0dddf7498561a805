"""Assembly of the JSON API: OpenAPI, bearer auth, pagination, problem+json."""
