"""What a month's quantities cost: catalogues, invoices, and cost per user, request and tier."""
