"""The API: pydantic models of the policies, and the CRDs generated from them."""
