"""What a model means: BPMN, DMN, FEEL, forms, diagrams. No database, no network."""
