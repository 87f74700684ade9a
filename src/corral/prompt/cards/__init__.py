"""Character cards V1, V2 and V3, as JSON and in pictures, read into a `Persona` and written from it.

Sources: the specifications of V1 and V2 (github.com/malfoyslastname/character-card-spec-v2) and of V3
(github.com/kwaroran/character-card-spec-v3); what SillyTavern keeps in an entry's `extensions`.
"""
