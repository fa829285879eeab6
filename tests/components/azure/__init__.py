"""What is declared on Azure."""
