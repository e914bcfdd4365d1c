# The manual: laid down as it is installed, and compared with the header that it describes.

MAN_OUT := $(BUILD)/test/man
PYTHON  ?= /usr/bin/python3

.PHONY: man test-man
test-man: man
man: $(LIB) $(CMD) ## the manual, against the header and the command
	@rm -rf $(MAN_OUT) && mkdir -p $(MAN_OUT)
	@doc/man/lay-down $(MAN_OUT)/pages
	@echo "== test_man"; CC="$(CC)" CXX="$(CXX)" $(PYTHON) -B test/man/test_man.py $(MAN_OUT) $(LIB) || \
	    { echo "test_man failed"; exit 1; }
