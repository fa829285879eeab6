"""A rough monthly cost of what is declared, from a small dated table. What it does not know, it says."""
