// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title RefusingToken
/// @notice A token that anybody mints, that refuses receivers for a while, and that counts what went in and out.
contract RefusingToken is ERC20 {
    uint8 private immutable _decimals;

    /// @notice Until when transfers to an account are refused [s].
    mapping(address account => uint256 timestamp) public refusedUntil;
    mapping(address account => uint256 amountToken) public inflow;
    mapping(address account => uint256 amountToken) public outflow;

    error ReceiverRefused(address receiver);

    constructor(uint8 decimals_) ERC20("Refusing Token", "TEST") {
        _decimals = decimals_;
    }

    function mint(address account, uint256 amountToken) external {
        _mint(account, amountToken);
    }

    function refuse(address account, uint256 until) external {
        refusedUntil[account] = until;
    }

    /// @notice Refuses as tokens do: some revert, some answer false.
    function transfer(address receiver, uint256 amountToken) public override returns (bool) {
        if (isRefused(receiver) && uint160(receiver) % 2 == 0) return false;
        return super.transfer(receiver, amountToken);
    }

    function isRefused(address receiver) public view returns (bool) {
        return block.timestamp < refusedUntil[receiver];
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function _update(address sender, address receiver, uint256 amountToken) internal override {
        require(sender == address(0) || !isRefused(receiver), ReceiverRefused(receiver));
        outflow[sender] += amountToken;
        inflow[receiver] += amountToken;
        super._update(sender, receiver, amountToken);
    }
}
