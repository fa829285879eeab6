"""What a platform lets a stack have at the most, beside what its services need. Asks only, never for more.

``model.py`` says what is needed and judges; a module for each platform asks for its limits; ``platforms.py`` knows
which of them count for a stack.
"""
