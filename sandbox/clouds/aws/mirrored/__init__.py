"""What moto's server is asked about the simulated AWS, one room for each of AWS's services."""
