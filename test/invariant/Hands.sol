// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {console} from "hardhat/console.sol";

import {OperatorScope} from "../../contracts/interfaces/IOrderBook.sol";
import {Market} from "../../contracts/types/Market.sol";
import {Mandate, MandateRequest} from "../../contracts/types/Mandate.sol";
import {OrderKind, OrderRequest} from "../../contracts/types/Order.sol";
import {Position} from "../../contracts/types/Position.sol";
import {Play} from "./support/Play.sol";
import {Dice, Random} from "./support/Random.sol";
import {vm} from "./support/Vm.sol";

/// @title Hands
/// @notice Positions that change hands, under mandates, with operators: what leaves a wallet stays within its mandate, what
/// was ordered for one owner never acts for the next, and at the end everything closes and adds up (LAW-1, LAW-3, LAW-12).
abstract contract Hands is Play {
    using Random for Dice;

    uint256 private constant _ACTS = 8;
    address private constant _KEEPER = address(0x4EE9);
    address private constant _OPERATOR = address(0x09E2);

    function testFuzz_LAW_12_whatChangesHandsStillClosesAndAddsUp(uint256 seed) external {
        uint256[_ACTS] memory counts;
        _course(Random.dice(seed, _decimals()), counts);
    }

    /// @notice Every act succeeds on the way, so that the laws above are no empty promise.
    function test_LAW_12_everyActIsReached() external {
        uint256[_ACTS] memory counts;
        for (uint256 seed; seed < 30; ++seed) {
            uint256 snapshotId = vm.snapshotState();
            _course(Random.dice(seed, 12), counts);
            vm.revertToState(snapshotId);
        }
        for (uint256 act; act < _ACTS; ++act) {
            console.log("  act %d succeeded %d times", act, counts[act]);
            require(counts[act] != 0, "an act never succeeded");
        }
    }

    function _course(Dice memory dice, uint256[_ACTS] memory counts) private {
        uint256 legs = dice.between(2, 4);
        for (uint256 i; i < legs; ++i) _openLeg(dice);
        for (uint256 steps = dice.between(4, 16); steps != 0 && _legs.length != 0; --steps) {
            uint256 positionId = _legs[dice.below(_legs.length)];
            if (_sizeOf(positionId) == 0) continue;
            uint256 act = dice.below(_ACTS);
            if (_act(dice, act, positionId)) ++counts[act];
        }
        for (uint256 i; i < _legs.length; ++i) {
            uint256 size = _sizeOf(_legs[i]);
            if (size != 0) _close(_ownerOf(_legs[i]), _legs[i], size);
            require(_sizeOf(_legs[i]) == 0, "LAW-12: a position could not be closed");
        }
        _requireAllAddsUp();
    }

    function _act(Dice memory dice, uint256 act, uint256 positionId) private returns (bool) {
        if (act == 0) return _transfer(dice, positionId);
        if (act == 1) return _setMandate(dice, positionId);
        if (act == 2) return _revoke(dice, positionId);
        if (act == 3) return _pullAt(dice, positionId, true);
        if (act == 4) return _pullAt(dice, positionId, false);
        if (act == 5) return _operatorCloses(dice, positionId);
        if (act == 6) return _stopAcrossTransfer(dice, positionId);
        (bool poked, ) = address(_world.book).call(abi.encodeCall(_world.book.poke, ("")));
        return poked;
    }

    function _transfer(Dice memory dice, uint256 positionId) private returns (bool) {
        address receiver = [ACTOR, OTHER, address(0x3D)][dice.below(3)];
        Position memory before = _world.vault.position(positionId);
        vm.prank(before.owner);
        _world.book.transferPosition(positionId, receiver);
        Position memory after_ = _world.vault.position(positionId);
        require(after_.owner == receiver && after_.traits == (before.traits | 1) + 1, "not handed over");
        (after_.owner, after_.traits) = (before.owner, before.traits);
        require(keccak256(abi.encode(after_)) == keccak256(abi.encode(before)), "a transfer changed the box");
        return true;
    }

    function _setMandate(Dice memory dice, uint256 positionId) private returns (bool) {
        address owner = _ownerOf(positionId);
        MandateRequest memory request;
        request.positionId = positionId;
        request.cap = dice.chance(60) ? 20_000_000e18 : dice.spread(6e18, 1_000_000e18);
        request.triggerRatio = dice.between(100, 300) * 0.01e18;
        request.targetRatio = request.triggerRatio + dice.between(5, 100) * 0.01e18;
        request.minInterval = 60;
        request.expiry = _time + dice.between(1, 3 days);
        request.maxKeeperFee = 5e18;
        _world.token.mint(
            owner,
            dice.chance(70) ? request.cap / _world.scale : dice.spread(1, 1_000e18 / _world.scale)
        );
        vm.prank(owner);
        _world.token.approve(address(_world.mandates), dice.chance(80) ? type(uint256).max : 1e6);
        vm.prank(owner);
        _world.mandates.setMandate(request);
        return true;
    }

    function _revoke(Dice memory dice, uint256 positionId) private returns (bool success) {
        address owner = _ownerOf(positionId);
        bool all = dice.chance(30);
        vm.prank(owner);
        (success, ) = address(_world.mandates).call(
            all
                ? abi.encodeCall(_world.mandates.revokeAllMandates, ())
                : abi.encodeCall(_world.mandates.revokeMandate, (positionId))
        );
    }

    /// @dev Rescues or liquidates after a move of the price; what leaves the wallet is what the mandate says.
    function _pullAt(Dice memory dice, uint256 positionId, bool early) private returns (bool success) {
        if (dice.chance(60)) _setMandate(dice, positionId);
        _pass(dice.between(0, 120));
        _setPrice((_price * dice.between(970, 1030)) / 1000);
        Position memory before = _world.vault.position(positionId);
        Mandate memory mandate = _world.mandates.mandateOf(positionId);
        uint256 held = _world.token.balanceOf(before.owner);
        (success, ) = address(_world.vault).call(
            early
                ? abi.encodeCall(_world.vault.rescue, (positionId, "", _KEEPER))
                : abi.encodeCall(_world.vault.liquidate, (positionId, "", _KEEPER))
        );
        uint256 holds = _world.token.balanceOf(before.owner);
        if (holds >= held) return success && !early;
        uint256 pulled = (held - holds) * _world.scale;
        Position memory after_ = _world.vault.position(positionId);
        require(success && before.traits % 2 == 1 && mandate.owner == before.owner, "pulled without a mandate");
        require(pulled <= mandate.capLeft && _time <= mandate.expiry, "pulled beyond the mandate");
        require(_world.mandates.mandateOf(positionId).capLeft == mandate.capLeft - pulled, "the cap was not used");
        uint256 floor = _world.terms.keeperFeeFloor;
        require(after_.margin == before.margin + pulled - floor, "the margin is not what was pulled less the fee");
        require(after_.size == before.size, "rescued and closed");
    }

    function _operatorCloses(Dice memory dice, uint256 positionId) private returns (bool) {
        Position memory position = _world.vault.position(positionId);
        OrderRequest memory request = _exit(positionId, position.size, dice.spread(1, _sizeOf(positionId)));
        vm.prank(position.owner);
        _world.book.setOperator(_OPERATOR, OperatorScope.Trade, uint64(_time + 1 days));
        _world.token.mint(position.owner, request.keeperFee / _world.scale);
        vm.prank(position.owner);
        _world.token.approve(address(_world.vault), type(uint256).max);
        vm.prank(_OPERATOR);
        uint256 orderId = _world.book.submitFor(position.owner, request);
        require(_world.book.accountOf(orderId) == position.owner, "not the account's order");
        _executeAt(orderId, abi.encode(0));
        require(_wealthOf(_OPERATOR) == 0, "an operator was paid");
        return true;
    }

    /// @dev A stop that would fill at once, unless its position went to somebody else before.
    function _stopAcrossTransfer(Dice memory dice, uint256 positionId) private returns (bool) {
        Position memory position = _world.vault.position(positionId);
        OrderRequest memory request = _exit(positionId, position.size, _sizeOf(positionId));
        request.kind = OrderKind.Stop;
        request.feeFromMargin = true;
        request.triggerPrice = _price;
        request.expiry = uint64(_time + 1 days);
        vm.prank(position.owner);
        uint256 orderId = _world.book.submit(request);
        uint256 transfers = dice.below(3);
        for (uint256 i; i < transfers; ++i) _transfer(dice, positionId);
        uint256 earned = _wealthOf(_KEEPER);
        _executeAt(orderId, "");
        bool alive = _sizeOf(positionId) != 0;
        require(alive == (transfers != 0), "a stop outlived its owner, or did not fill");
        require(!alive || _wealthOf(_KEEPER) == earned, "a dead order paid its keeper");
        return alive;
    }

    function _executeAt(uint256 orderId, bytes memory proof) private {
        _pass(2);
        _setPrice(_price);
        _pass(1);
        uint256[] memory orderIds = new uint256[](1);
        orderIds[0] = orderId;
        _world.book.execute(orderIds, proof.length == 0 ? proof : abi.encode(_world.oracle.roundCount()), _KEEPER);
    }

    function _exit(uint256 positionId, int256 size, uint256 closed) private pure returns (OrderRequest memory request) {
        request.positionId = positionId;
        request.reduceOnly = true;
        request.termsId = 1;
        request.sizeDelta = size > 0 ? -int256(closed) : int256(closed);
        request.acceptablePrice = size > 0 ? 0 : type(uint96).max;
        request.keeperFee = 1e18;
    }

    /// @dev With nothing open and nothing in escrow, what the vault holds is what it owes by name.
    function _requireAllAddsUp() private view {
        Market memory market = _world.vault.market();
        uint256 claims = _world.vault.claimable(ACTOR) + _world.vault.claimable(OTHER);
        claims += _world.vault.claimable(address(0x3D)) + _world.vault.claimable(_KEEPER);
        uint256 held = _world.token.balanceOf(address(_world.vault)) * _world.scale;
        require(market.totalMargin == 0 && _world.pool.reserved() == 0, "LAW-4: something stayed open");
        require(held == market.poolDue + market.protocolDue + claims * _world.scale, "LAW-3: the vault");
        require(_world.token.balanceOf(address(_world.mandates)) == 0, "LAW-3: the mandate book");
        uint256 pool = _world.token.balanceOf(address(_world.pool)) * _world.scale;
        require(pool == _world.pool.cash() + _world.pool.owedToken() * _world.scale, "LAW-2: the pool");
    }

    function _ownerOf(uint256 positionId) private view returns (address) {
        return _world.vault.position(positionId).owner;
    }
}
