module language-cmk-go

go 1.25

require (
	example.com/language-cmk/sdk/go v0.0.0
	github.com/pulumi/pulumi/sdk/v3 v3.259.0
)

replace example.com/language-cmk/sdk/go => ./sdks/language-cmk
