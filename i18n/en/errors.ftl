error-internal-title = Something went wrong on our side
