"""What every platform's monitoring shares: rules as data, and the rules that follow from a service's objective."""
