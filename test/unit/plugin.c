/* A library to load and unload; it is built twice, and but for NAME both are the same. */
#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)
#define FUNCTION(n) JOIN(NAME, n)

static int kept;

/* Only the file's table names it. */
static __attribute__((noinline, used)) int FUNCTION(_static)(int n)
{
    return kept += n;
}

int FUNCTION(_work)(int n);
int FUNCTION(_work)(int n)
{
    return FUNCTION(_static)(n) + 1;
}

/* As gcc names what it splits from a function. */
int split_off(int n) __asm__("plugin_split.part.0");
int split_off(int n)
{
    return kept * n;
}

int FUNCTION(_with_a_name_that_is_far_too_long_for_a_row_of_a_report_and_is_cut_somewhere_in_its_middle)(void);
int FUNCTION(_with_a_name_that_is_far_too_long_for_a_row_of_a_report_and_is_cut_somewhere_in_its_middle)(void)
{
    return kept;
}

/* Hand-written, without a size. */
__asm__(".pushsection .text\n"
        ".globl plugin_unsized\n"
        ".type plugin_unsized,@function\n"
        "plugin_unsized:\n"
        "\tnop\n\tnop\n\tnop\n\tret\n"
        ".popsection\n");
