"""The live view: a picture first, the widget in its place; failures and frames as text and HTML."""
