cd husk
make deps firmware husk
cd ..
