"""The Azure resources that a service is made of, and what guards their writes."""
