"""How large a character's file may be. Real ones stay far below; whoever sends more gets a sentence."""

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_JSON_BYTES = 4 * 1024 * 1024
MAX_YAML_BYTES = 4 * 1024 * 1024
MAX_CHUNKS = 20_000
MAX_TEXT_CHUNK_BYTES = 6 * 1024 * 1024  # the largest JSON in Base64, unpacked
MAX_VALUES = 500_000  # texts, numbers, lists and objects of one document
MAX_NESTING = 64
MAX_ENTRIES = 10_000
MAX_PATTERN = 1_000  # characters of a key that is a regular expression
MAX_NAME = 200  # characters
