"""All text the bundled model learns from: generated here, seeded, no copied text.

`documents` says what a document is, `wording` turns patterns into sentences, one
module per kind of text makes documents, and `mixture` decides how often each occurs.
"""
