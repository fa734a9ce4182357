"""Pages of documents, mounted for people and, without what adds or changes, for professionals."""
