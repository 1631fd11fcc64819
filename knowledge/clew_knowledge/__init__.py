"""What the company knows, beside its data: its measures and its words.

``files`` reads the files of a knowledge folder, ``expressions`` what they say in SQL, ``known``
holds both to one catalog.
"""
