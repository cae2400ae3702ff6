serving 1 device(s) on port 5683
kitchen authenticated
kitchen sensors/temperature [{"n":"t","u":"Cel","v":21.500}]
kitchen sensors/temperature [{"n":"t","u":"Cel","v":21.625}]
kitchen sensors/temperature [{"n":"t","u":"Cel","v":21.750}]
