"""What viewers say: sessions, ratings, comments, feedback."""
