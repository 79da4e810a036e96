// Reads what `handspegel user-data` prints as Ignition and as EKS's nodeadm do: check ignition|nodeadm < DOCUMENT
package main

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"

	nodeadm "github.com/awslabs/amazon-eks-ami/nodeadm/api/v1alpha1"
	"github.com/coreos/ignition/v2/config"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
)

func ignition(document []byte) error {
	parsed, report, err := config.Parse(document)
	if err != nil || len(report.Entries) > 0 {
		return fmt.Errorf("%v %s", err, report.String())
	}
	for _, unit := range parsed.Systemd.Units {
		fmt.Println("unit", unit.Name)
	}
	for _, file := range parsed.Storage.Files {
		fmt.Printf("file %s %o\n", file.Path, *file.Mode)
	}
	return nil
}

// The steps of nodeadm's own reader, which is internal to it; the types are its API.
func nodeConfigs(document []byte) error {
	message, err := mail.ReadMessage(bytes.NewReader(document))
	if err != nil {
		return err
	}
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/mixed" {
		return fmt.Errorf("not multipart: %s %v", kind, err)
	}
	scheme := runtime.NewScheme()
	if err := nodeadm.AddToScheme(scheme); err != nil {
		return err
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDecoder(nodeadm.GroupVersion)
	parts := multipart.NewReader(message.Body, parameters["boundary"])
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		partKind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			return err
		}
		body, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		fmt.Println("part", partKind, len(body))
		if partKind != "application/node.eks.aws" {
			continue
		}
		var nodeConfig nodeadm.NodeConfig
		if err := runtime.DecodeInto(decoder, body, &nodeConfig); err != nil {
			return err
		}
		fmt.Println("cluster", nodeConfig.Spec.Cluster.Name)
	}
}

func main() {
	document, err := io.ReadAll(os.Stdin)
	if err == nil {
		check := map[string]func([]byte) error{"ignition": ignition, "nodeadm": nodeConfigs}
		err = check[os.Args[1]](document)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
