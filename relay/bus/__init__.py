"""Redis: the streams that carry frames, the facts that expire, and the embedded servers."""
