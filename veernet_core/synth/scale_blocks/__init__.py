"""Drawn blocks of scales as an OCR engine would report them: words with their places, and what they mean."""
