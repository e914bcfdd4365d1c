/* close(0); open(...) gets 0, always: nobody else may take the number in between, not even for a moment. */
#include "scene.h"

int main(void)
{
    unsigned others = 0;
    free(block(10));
    for (double end = seconds() + 2; seconds() < end;) {
        for (unsigned i = 0; i < 100; i++) {
            close(0);
            churn(1);
            int file = open("/dev/null", O_RDONLY);
            if (file != 0) {
                others++;
                close(file);
                dup2(1, 0);
            }
        }
    }
    printf("%u times another number\n", others);
    return 0;
}
